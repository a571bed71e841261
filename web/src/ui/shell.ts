// Words as a shell would have to be given them.
const PLAIN = /^[\w@%+=:,./-]+$/

export const quoted = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** A program and its words on one line; the program by its name alone. */
export const commandText = (program: string, words: readonly string[]): string => [program.split("/").at(-1) ?? program, ...words.map(quoted)].join(" ")

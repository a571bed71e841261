/** Someone's own words, quoted: a claim, not a fact. They keep their own direction. */
export const Claim = ({ text }: { text: string }) => (
  <q className="claim">
    <bdi>{text}</bdi>
  </q>
)

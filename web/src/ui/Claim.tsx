/** Someone's own words, quoted: a claim, not a fact. They keep their own direction. */
export const Claim = ({ text }: { text: string }) => (
  <q>
    <bdi className="claim">{text}</bdi>
  </q>
)

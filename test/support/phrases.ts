/** A turn of phrase that no message, help text or document has, and what to write instead. */
export interface Phrase {
  readonly not: RegExp
  readonly but: string
}

/** The left column of the table in the style guide, and their like. `there is no ...` and `is no longer` are plain English. */
export const phrases: readonly Phrase[] = [
  { not: /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b)[a-z]+/i, but: 'is not a …' },
  { not: /\bsince not an?\b/i, but: 'where it cannot ask: not a terminal' },
  { not: /\bno sound\b|\bsound (?:configuration|yaml)\b/i, but: 'not a valid …' },
  { not: /\bthere is no day\b/i, but: 'invalid date "…"' },
  { not: /\bnobody[’']s (?:key|keys)\b|\bkeys? of nobody\b|\bstrangers?\b/i, but: 'unmanaged key' },
  { not: /\bothers may know\b|\bknown to others\b/i, but: 'leaked' },
  {
    not: /\bfarewell\b|\bpartWith\b|\bsparingCaller\b|\borAdmit\b|\bchronicle\b|\bdoomed\b/i,
    but: 'see the style guide',
  },
  { not: /\bmake it so\b/i, but: 'Apply the plan' },
  { not: /\bsuch that\b/i, but: 'so that' },
  { not: /\bso many\b|\bso often at\b/i, but: 'at most N, or that many' },
  { not: /\b(?:for|after|at most) so long\b(?! (?:as|that)\b)/i, but: 'for that long' },
  { not: /\ball the same\b/i, but: 'anyway' },
  { not: /(?<![-\w])beside(?![-\w])/i, but: 'next to' },
  { not: /\bwhose it is\b/i, but: 'which run holds it' },
  { not: /\bsomething went wrong that should not have\b/i, but: 'Internal error: …' },
  { not: /\bit refuses\b|\bit says so\b|\bit is told\b/i, but: 'plan refuses, apply prints' },
  { not: /\bheld to\b|\bowed\b|\b(?:told|tells?) of\b/i, but: 'say it plainly' },
]

/** Words of that list, and of their kind, that no name has in it: a reader has to guess what they stand for. */
export const unclearWords: readonly string[] = [
  ...['farewell', 'sparing', 'chronicle', 'doomed', 'settle', 'sound', 'unsound'],
  ...['stranger', 'strangers', 'nobodys', 'beside', 'owed'],
]

/** What is unclear as a whole name; `byHand` is not. (The turns of a conversation are the platform's word.) */
export const unclearNames: readonly string[] = ['partWith', 'orAdmit', 'hand']

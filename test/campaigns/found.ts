/** Cases in which a campaign found a fault: `npm test` plays them ever after. `npm run test:campaigns` prints their titles. */
export const found: readonly string[] = [
  // A rotation in place whose replay lacked the secret never healed.
  'wire: regenerate, replayed secretless/reset after the commit/every try, and the first',
  // A regeneration whose first answer was lost ended the run, with a dead secret in stores.
  'wire: regenerate/truncated body/every try, and the first',
]

import { type Rule, clean } from '../rule.ts'

export const missingOwner: Rule = key =>
  key.kind === 'declared' && key.desired.owner === null
    ? [
        {
          message: 'Nobody is named who answers for it',
          evidence: [],
          remedy: 'Add `owner:` with a team or a person.',
        },
      ]
    : clean

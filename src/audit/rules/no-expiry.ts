import { type Rule, clean, evidence } from '../rule.ts'

export const noExpiry: Rule = key =>
  key.kind === 'declared' && key.desired.expires.kind === 'never'
    ? [
        {
          message: 'It never expires',
          evidence: evidence({ expires: 'never' }),
          remedy: 'Give it a period, such as `expires: 90d`: it is renewed in time as long as apply runs.',
        },
      ]
    : clean

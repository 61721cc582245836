import { type Rule, clean } from '../rule.ts'

export const missingDescription: Rule = key =>
  key.kind === 'declared' && key.desired.description === ''
    ? [
        {
          message: 'Nothing says what it is for',
          evidence: [],
          remedy: 'Add a `description:` of one line.',
        },
      ]
    : clean

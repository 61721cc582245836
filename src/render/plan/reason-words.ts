import type { DeliveryReason, RotationReason } from '../../model/change.ts'

/** Why a key is renewed, in as few words as fit a row; `renewalText` has the sentence. */
export const reasonWords = {
  'past-max-age': 'due by its age',
  'ends-soon': 'ends soon',
  'ends-with-others': 'due before its end',
  expired: 'expired',
  environment: 'another environment',
  leaked: 'leaked',
  'head-lost': 'its successor is gone',
  'several-heads': 'several keys claim its place',
  unproven: 'should get more, and is not proven to be ours',
  requested: 'asked for',
  stale: 'stores hold a dead secret',
  'regenerated-elsewhere': 'regenerated elsewhere',
  overtaken: 'stores hold the secret of a retiring key',
  'store-added': 'store added',
  'store-changed': 'store declared differently',
  'taken-over': 'taken over',
} as const satisfies Record<(RotationReason | DeliveryReason)['code'], string>

import { isHeldByOthers } from '../audited-key.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const noExpiry: Rule = key => {
  if (key.kind !== 'declared' || key.desired.expires.kind !== 'never') return clean
  const { keyId } = key.desired
  const remedy = isHeldByOthers(key)
    ? `It is adopted, so apply would give it an end and not renew it: whoever uses it would lose access then. First \`fluxloop-keys rotate ${keyId}\`, and give its successor a period, such as \`expires: 90d\`.`
    : 'Give it a period, such as `expires: 90d`: it is renewed in time as long as apply runs.'
  return [{ message: 'It never expires', evidence: evidence({ expires: 'never' }), remedy }]
}

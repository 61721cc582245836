import type { Plan } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { type ApprovedPlan, touchedKeys } from './approved.ts'
import { canonicalText } from './canonical.ts'
import { impersonal } from './impersonal.ts'
import type { PlanOptions } from './input.ts'
import { type ReviewBasis, reviewBasis } from './review.ts'
import { type Shape, listOf, mapOf, nullOr, object, oneOf, openObject, wholeNumber, words } from './shape.ts'

/** The first property of every plan file, and its value. */
export const planFileFormat = 'fluxloop-keys plan'
const planFileVersion = 1

/** The options of a plan that belong to what was approved; the others are facts of the machine that applies it. */
export type ApprovedOptions = Pick<
  PlanOptions,
  'takeOver' | 'maxRevoke' | 'maxRotate' | 'revokeInUse' | 'targets' | 'widening' | 'sign'
>

/** What a plan is bound to. */
export interface PlanBinding {
  /** The API's origin, such as `https://api.fluxloop.ai`. */
  readonly origin: string
  readonly account: string
  /** A hash of everything that the configuration says. */
  readonly configuration: string
  /** The server's clock: from then on nobody applies it. */
  readonly validUntil: Instant
  readonly options: ApprovedOptions
}

/** A plan as a file holds it, once it is read. */
export interface PlanFile extends PlanBinding, ReviewBasis {
  readonly plan: ApprovedPlan & { readonly stack: string; readonly now: Instant }
}

/** Makes a short text that stands for a long one, such as its SHA-256. */
type Hash = (text: string) => string

/** What a configuration says, whatever file and line says it. */
export function configurationHash(desired: DesiredState, hash: Hash): string {
  return hash(canonicalText(desired))
}

/** The value that a plan file holds. It has no secret, since none is in a plan, and no address. `desired`: the configuration that counts once the plan is approved. */
export function toPlanFile(whole: Plan, desired: DesiredState, binding: PlanBinding, hash: Hash): object {
  const plan = impersonal(whole)
  const { origin, account, configuration, validUntil } = binding
  const { takeOver, maxRevoke, maxRotate, revokeInUse, targets, widening, sign } = binding.options
  const options = { takeOver, maxRevoke, maxRotate, revokeInUse, targets, widening, sign }
  const { policy, declarations } = reviewBasis(desired, touchedKeys(plan), hash)
  const content = { origin, account, configuration, policy, declarations, validUntil, options, plan }
  return { format: planFileFormat, version: planFileVersion, digest: digest(content, hash), ...content }
}

function digest(content: unknown, hash: Hash): string {
  return hash(JSON.stringify(content))
}

const targets = object({ only: listOf(words), except: listOf(words) })

/** What is read of a plan; all else in it is compared as text and never looked into. */
const anyKey = openObject({ id: words })
const planShape = openObject({
  stack: words,
  now: wholeNumber,
  changes: listOf(openObject({ kind: words, keyId: words }, { live: anyKey })),
  retiring: listOf(openObject({ live: anyKey, wait: openObject({ code: words }) })),
})

const fileShape: Shape = object({
  format: oneOf(planFileFormat),
  version: oneOf(planFileVersion),
  digest: words,
  origin: words,
  account: words,
  configuration: words,
  policy: words,
  declarations: mapOf(nullOr(words)),
  validUntil: wholeNumber,
  options: object({
    takeOver: oneOf(true, false),
    maxRevoke: nullOr(wholeNumber),
    maxRotate: nullOr(wholeNumber),
    revokeInUse: listOf(words),
    targets,
    widening: oneOf('as-declared', 'forbid', 'allow'),
    sign: oneOf(true, false),
  }),
  plan: planShape,
})

function refusal(name: string, why: string): Failure {
  return new Failure('configuration', `${name} ${why}`, {
    hints: ['Write a plan file with plan --out FILE.'],
  })
}

/** Reads a plan file from its text; `name` is for messages. Throws a `Failure` (configuration) where it is none, or not whole. */
export function readPlanFile(text: string, name: string, hash: Hash): PlanFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refusal(name, 'is not a plan file: it is not JSON')
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== planFileFormat)
    throw refusal(name, 'is not a plan file')
  if ('version' in value && value.version !== planFileVersion)
    throw refusal(name, 'is a plan file of another version of this program')
  const wrong = fileShape(value, '')
  if (wrong !== null) throw refusal(name, `is damaged: ${wrong}`)
  const file = value as unknown as PlanFile & { readonly digest: string }
  const { origin, account, configuration, policy, declarations, validUntil, options, plan } = file
  const content = { origin, account, configuration, policy, declarations, validUntil, options, plan }
  if (digest(content, hash) !== file.digest) throw refusal(name, 'was changed after it was written')
  return file
}

import type { AffectedConsumer } from '../../model/affected-consumer.ts'
import type { Instant } from '../../model/duration.ts'
import type { Palette } from '../text/palette.ts'
import { wrap } from '../text/layout.ts'
import { isoTime, relativeTime } from '../text/time.ts'
import { enumerateTexts, nameText, quotedName } from '../text/values.ts'

/** One consumer that a plan touches, as `plan --json` prints it. */
export interface AffectedConsumerJson {
  readonly key: string
  readonly id: string
  readonly consumer: string | null
  readonly effect: AffectedConsumer['effect']
  readonly certain: boolean
  readonly seen_at: string | null
}

export function affectedToJson(each: AffectedConsumer): AffectedConsumerJson {
  const { keyId: key, liveId: id, consumer, effect, certain, seenAt } = each
  return { key, id, consumer, effect, certain, seen_at: seenAt === null ? null : isoTime(seenAt) }
}

const words = {
  'cut-off': ['stops working until it reads the new secret', 'stop working until they read the new secret'],
  'reads-anew': ['has to read the new secret', 'have to read the new secret'],
  narrowed: ['may lose what it uses', 'may lose what they use'],
  revoked: ['was the last to use', 'may have been the last to use'],
  'not-moved': [
    'has not read the new secret and still uses',
    'may not have read the new secret: one still uses',
  ],
} as const satisfies Record<AffectedConsumer['effect'], readonly [string, string]>

function subjectOf(group: readonly AffectedConsumer[]): string {
  return enumerateTexts(
    group.map(({ consumer }) => (consumer === null ? 'an undeclared consumer' : quotedName(consumer))),
  )
}

function line(group: readonly AffectedConsumer[], now: Instant): string {
  const [first] = group
  if (first === undefined) return ''
  const { keyId, effect, liveId, seenAt } = first
  const [one, several] = words[effect]
  const seen = seenAt === null ? '' : ` ${nameText(liveId)}, ${relativeTime(seenAt, now)}`
  return `${nameText(keyId)}: ${subjectOf(group)} ${group.length === 1 ? one : several}${seen}`
}

/** A line for each key and effect; empty where no consumer is touched. */
export function consumersSection(
  affected: readonly AffectedConsumer[],
  palette: Palette,
  width: number,
  now: Instant,
): readonly string[] {
  const groups = new Map<string, AffectedConsumer[]>()
  for (const each of affected) {
    const name = `${each.keyId} ${each.effect} ${each.seenAt === null ? '' : each.liveId}`
    groups.set(name, [...(groups.get(name) ?? []), each])
  }
  if (groups.size === 0) return []
  return [
    palette.bold('Consumers:'),
    ...[...groups.values()].flatMap(group => wrap(line(group, now), width, '  ', '    ')),
  ]
}

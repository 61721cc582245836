import type { AffectedConsumer } from '../model/affected-consumer.ts'
import { mayBe } from '../model/consumer.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { LiveKey } from '../model/live-key.ts'
import { useOf } from './last-use.ts'
import type { ManagedKey } from './lineage.ts'

/** Who a key's last use may have been, where the platform shows one by others than us. */
export function lastUsers(
  { keyId, consumers }: DesiredKey,
  live: LiveKey,
  effect: AffectedConsumer['effect'],
): readonly AffectedConsumer[] {
  const use = useOf(live)
  if (use.kind !== 'used' || !live.lastUse.known || consumers.length === 0) return []
  const { lastUse } = live
  const names = consumers.filter(each => mayBe(each, lastUse)).map(({ name }) => name)
  const rest = { keyId, effect, liveId: live.id, seenAt: use.at }
  if (names.length === 0) return [{ ...rest, consumer: null, certain: true }]
  return names.map(consumer => ({ ...rest, consumer, certain: names.length === 1 }))
}

/**
 * Those that were seen on a retiring key after it was marked: its successor's secret was delivered by then, or soon after, and they have not read
 * it.
 */
export function notMoved(key: DesiredKey, retiring: readonly ManagedKey[]): readonly AffectedConsumer[] {
  return retiring.flatMap(({ live, marker: { state } }) =>
    state.kind !== 'retiring'
      ? []
      : lastUsers(key, live, 'not-moved').filter(({ seenAt }) => seenAt !== null && seenAt > state.at),
  )
}

import { type Instant, day, hour } from '../model/duration.ts'
import type { ClockContradiction, ListingDoubts, UnreadableKey } from '../model/listing-doubts.ts'
import { isBound } from '../lifecycle/binding.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { readDescription } from './marker-text.ts'
import { plainText } from './plain-text.ts'
import type { PlatformFailure } from './platform-failure.ts'
import { isKeyId, isRecord } from './reader.ts'
import type { Listing } from './types.ts'

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** A marker that is bound to another key is a copy, and says nothing of this one. */
function isCopied(marker: Marker, id: string | null): boolean {
  return marker.binding.kind === 'key' && id !== null && !isBound(marker, { id, createdAt: 0 })
}

/** What is known of a key that cannot be read as one. */
export function unreadableKey(value: unknown, call: string, { message }: PlatformFailure): UnreadableKey {
  const record = isRecord(value) ? value : {}
  const id = textOf(record['id'])
  const name = textOf(record['name'])
  const { ownership } = readDescription(textOf(record['description']) ?? '')
  const trouble = message.replace(`the answer to ${call} `, '')
  return {
    id: id !== null && isKeyId(id) ? id : null,
    name: name === null ? null : plainText(name, 1_000),
    trouble: id === null ? trouble : trouble.replace(` on ${id}`, ''),
    owner:
      ownership.kind === 'managed' && !isCopied(ownership.marker, id)
        ? { stack: ownership.marker.stack, keyId: ownership.marker.keyId }
        : null,
  }
}

/**
 * Does the platform's clock contradict what it says of last uses? A use cannot be yet to come; times that are dates mean the end of
 * the day. Where the clock is ahead of ours, a use that is fresh by ours shows which of the two is wrong.
 */
export function contradictionOf(
  keys: readonly LiveKey[],
  { now, local }: { readonly now: Instant; readonly local: Instant },
): ClockContradiction | null {
  let latest: ClockContradiction | null = null
  for (const { id, lastUse } of keys)
    if (lastUse.known && lastUse.at !== null && lastUse.at > (latest?.lastUse ?? -Infinity))
      latest = { now, liveId: id, lastUse: lastUse.at }
  if (latest === null) return null
  const isToCome = latest.lastUse > now + day
  const isAhead = now - local > hour && now - latest.lastUse > hour
  const isFresh = Math.abs(local - latest.lastUse) < day
  return isToCome || (isAhead && isFresh) ? latest : null
}

/** A look at the calling key, made after the listing, shows the use that the listing was: where they agree, the clock is right. */
export function doubtsAfter({ doubts, now }: Listing, caller: LiveKey | null): ListingDoubts {
  const { clock } = doubts
  if (clock === null || caller?.lastUse.known !== true || caller.lastUse.at === null) return doubts
  const { at } = caller.lastUse
  return now - at < hour && at - now < day ? { ...doubts, clock: null } : doubts
}

/**
 * A description may be absent from one key because it is empty. From all keys of a platform that says null elsewhere, it is absent
 * because there is none. Pages are looked at one by one: nothing is kept of them.
 */
export function descriptionWatch(): {
  readonly look: (page: readonly unknown[]) => void
  readonly areLacking: () => boolean
} {
  let described = false
  let saysNull = false
  return {
    look: page => {
      for (const record of page) {
        if (described) return
        if (!isRecord(record)) continue
        described = Object.hasOwn(record, 'description')
        saysNull ||= Object.values(record).includes(null)
      }
    },
    areLacking: () => !described && saysNull,
  }
}

import { hour, minute } from '../model/duration.ts'
import { shortHash } from '../model/hash.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Binding, Marker } from '../model/marker.ts'

const digits = 8

/** How a marker names a live key. */
export const hashId = (id: string): string => shortHash(id, digits)

export const boundTo = (id: string): Binding => ({ kind: 'key', hash: hashId(id) })

/**
 * Does a marker belong to the key that carries it? Once it is bound, the key's id alone counts; before, it agrees from one
 * minute before to one hour after the key was created: a copy comes later, and clocks differ.
 */
export function isBound({ binding }: Marker, { id, createdAt }: Pick<LiveKey, 'id' | 'createdAt'>): boolean {
  return binding.kind === 'key'
    ? binding.hash === hashId(id)
    : binding.at >= createdAt - minute && binding.at <= createdAt + hour
}

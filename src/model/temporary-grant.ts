import type { Instant } from './duration.ts'
import type { Position } from './position.ts'

/** A permission or a project that a key has until a day. */
export interface TemporaryGrant {
  readonly kind: 'permission' | 'project'
  readonly name: string
  /** The end of its last day, UTC. */
  readonly until: Instant
  readonly reason: string
  readonly position: Position
}

export function hasEnded({ until }: Pick<TemporaryGrant, 'until'>, now: Instant): boolean {
  return until <= now
}

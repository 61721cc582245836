import type { Test } from 'tap'
import type { StoreScene } from './store-scene.ts'

/** What a fault needs of a scene, once it is set up. */
export interface Broken {
  /** The store that is at fault, as YAML. */
  readonly store: string
  readonly breaks: () => Promise<unknown>
  readonly mends: () => Promise<unknown>
  /** The secret in that store, as others read it. */
  readonly held: () => Promise<string | null>
  /** What must be untouched in the end. */
  readonly untouched?: () => Promise<boolean>
}

export interface StoreFault {
  readonly what: string
  /** Before the run, so that the probe finds it; or once the key is made, before any store gets its secret. */
  readonly when: 'before' | 'midway'
  readonly programs?: readonly string[]
  /** The user who runs the program; null: the one who runs this test. */
  readonly as?: number
  readonly setUp: (t: Test, scene: StoreScene) => Promise<Broken>
  readonly reason: RegExp
  /** Exit code 0: the fault makes no difference. */
  readonly code?: 0
  /** It was there before the run, and no probe can find it. */
  readonly hidden?: true
}

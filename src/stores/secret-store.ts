import type { Secret } from '../model/secret.ts'

/** Throws a Failure where another run may write by now. Asked at the last moment: this process may be paused in any wait before. */
export type Fence = () => void

/** One place that keeps one secret. Every method throws a `Failure` whose texts hold no secret. */
export interface SecretStore {
  /** Stores with the same backend are probed once a run. */
  readonly backend: string
  readonly readable: boolean
  /** Can it take a secret now? Throws a Failure with the remedy. Writes nothing that stays. */
  probe(): Promise<void>
  /** Stores the secret durably; answers with where it is, in words, and names the fallback where that was used. */
  put(secret: Secret, fence?: Fence): Promise<string>
  /** Null where there is none. Throws where it cannot tell. Only call it where `readable`. */
  get(): Promise<Secret | null>
  /** Takes the secret out; no error where there is none. */
  remove(fence?: Fence): Promise<void>
}

import type { Masking } from './masking.ts'
import type { Secret } from '../model/secret.ts'
import { Failure } from '../model/failure.ts'
import type { Output } from './terminal.ts'

/** The CI runner that runs us, where one does. What talks to it is loaded in its jobs only. */
export interface Runner {
  /** Null where it masks nothing, or cannot hear us. */
  readonly masking: () => Promise<Masking | null>
  /** Tells it what to hide, where it can hear us. */
  readonly mask: (secret: Secret) => Promise<void>
  /** Throws a Failure where it would mask a new secret, and nothing of ours reaches it. */
  readonly requireMasking: () => Promise<void>
}

export function openRunner(
  env: NodeJS.ProcessEnv,
  outputs: { readonly stdout: Output; readonly stderr: Output },
): Runner {
  let opened: Promise<Masking | Failure | null> | null = null
  const open = async () => {
    const inJob =
      env['GITHUB_ACTIONS'] === 'true' || env['GITLAB_CI'] === 'true' || env['TF_BUILD'] === 'True'
    if (!inJob) return null
    opened ??= import('./masking.ts').then(({ openMasking }) => openMasking(env, outputs))
    return await opened
  }
  const masking = async () => {
    const opening = await open()
    return opening instanceof Failure ? null : opening
  }
  return {
    masking,
    mask: async secret => (await masking())?.secret(secret),
    requireMasking: async () => {
      const masking = await open()
      if (masking instanceof Failure) throw masking
    },
  }
}

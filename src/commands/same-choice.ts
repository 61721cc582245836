import type { ConnectionOptions } from '../runtime/connection.ts'
import { shellWord } from '../model/shell-word.ts'

/** The flags by which another command finds the same configuration, platform and credential, as a shell takes them. */
export function sameChoice({
  config,
  apiUrl,
  staging,
  profile,
}: Pick<ConnectionOptions, 'apiUrl' | 'staging' | 'profile'> & {
  readonly config: readonly string[]
}): readonly string[] {
  return [
    ...config.map(path => `-c ${shellWord(path)}`),
    ...(apiUrl === null ? [] : [`--api-url ${shellWord(apiUrl)}`]),
    ...(staging ? ['--staging'] : []),
    ...(profile === null ? [] : [`--profile ${shellWord(profile)}`]),
  ]
}

/** Where a key is used; it decides the prefix of the secret (`flux_ci_...`) and cannot change on a live key. */
export const environments = ['dev', 'stg', 'prod', 'ci'] as const

export type Environment = (typeof environments)[number]

export function isEnvironment(text: string): text is Environment {
  return (environments as readonly string[]).includes(text)
}

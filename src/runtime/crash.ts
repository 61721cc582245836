import { appendFileSync } from 'node:fs'

/**
 * The hook of the crash tests, which `src/apply/crash-points.ts` puts around what apply asks of the world. `FLUXLOOP_KEYS_CRASH_AT=after-put:2` kills the process, with no chance to tidy up, the second
 * time that it comes by the crash point `after-put`; `FLUXLOOP_KEYS_CHECKPOINTS=FILE` appends the name of every crash point to a
 * file. Without those variables it is a function that does nothing.
 */
export function crashHook(env: NodeJS.ProcessEnv): (name: string) => void {
  const wanted = env['FLUXLOOP_KEYS_CRASH_AT']
  const file = env['FLUXLOOP_KEYS_CHECKPOINTS']
  if (wanted === undefined && file === undefined) return () => undefined
  const [place, count = '1'] = wanted?.split(':') ?? []
  let left = Number(count)
  return name => {
    if (file !== undefined) appendFileSync(file, `${name}\n`)
    if (name !== place) return
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
}

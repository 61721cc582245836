/**
 * The hook of the crash tests: `FLUXLOOP_KEYS_CRASH_AT=after-put:2` kills the process, with no chance to tidy up, the second
 * time that it comes by the checkpoint `after-put`. Without that variable it is a function that does nothing.
 */
export function crashHook(env: NodeJS.ProcessEnv): (name: string) => void {
  const wanted = env['FLUXLOOP_KEYS_CRASH_AT']
  if (wanted === undefined) return () => undefined
  const [place, count = '1'] = wanted.split(':')
  let left = Number(count)
  return name => {
    if (name !== place) return
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
}

// Loaded into the built program before its own code: it stops, as by Ctrl-Z or a machine that is suspended, between its last look
// at its lock and the rename that makes its write visible.
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { rename } = promises
let stopped = false

promises.rename = async (from, to) => {
  if (!stopped) {
    stopped = true
    process.kill(process.pid, 'SIGSTOP')
  }
  await rename(from, to)
}
syncBuiltinESMExports()

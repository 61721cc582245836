// Loaded into the built program before its own code: it stops, as by Ctrl-Z or a machine that is suspended, between its last look
// at its lock and the rename that makes its write visible.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { renameSync } = fs
let stopped = false

fs.renameSync = (from, to) => {
  if (!stopped) {
    stopped = true
    process.kill(process.pid, 'SIGSTOP')
  }
  renameSync(from, to)
}
syncBuiltinESMExports()

// Loaded into the built program before its own code: SIGKILL ends it right before its so manyth change of a file whose path holds
// KILLED_AT: of a store's file, of its lock, or of their drafts.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const path = process.env['KILLED_AT'] ?? ''
let left = Number(process.env['KILLED_AT_STEP'])

for (const name of ['writeFile', 'link', 'rename', 'unlink', 'rm', 'mkdir', 'open']) {
  for (const [module, of] of [
    [fs, `${name}Sync`],
    [promises, name],
  ]) {
    const real = module[of]
    module[of] = (...args) => {
      if (args.some(arg => typeof arg === 'string' && arg.includes(path))) left -= 1
      if (left === 0) process.kill(process.pid, 'SIGKILL')
      return real(...args)
    }
  }
}
syncBuiltinESMExports()

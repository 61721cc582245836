import { setTimeout as wait } from 'node:timers/promises'
import { Secret } from '../../../src/model/secret.ts'
import { connect } from '../../src/database/connect.ts'
import { takeLease } from '../../src/lease/take-lease.ts'

// A process of its own, for tests that stop it: it takes the lease of a stack and asks before each write, which is a line of its output.
const [url = '', duration = ''] = process.argv.slice(2)
const connection = connect(new Secret(url))
const { lease } = await takeLease(
  connection,
  { origin: 'https://api.example', stack: 'shop' },
  { command: 'apply', host: 'paused', user: 'ada', patience: 0, onWait: () => undefined },
  { duration: Number(duration) },
)
if (lease === null) throw new Error('somebody else has it')
try {
  for (;;) {
    lease.requireHeld()
    process.stdout.write(`write ${lease.epoch}\n`)
    await wait(5)
  }
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
}
await lease.release()
await connection.close()

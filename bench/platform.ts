// The process that stands for the platform: it serves one sandbox on loopback and counts requests, so that a program's own
// process is measured alone. Talks with the benchmark over its channel: the first message says where it is, and every
// message that it gets is answered with the number of requests since the one before. Usage: platform.ts DATABASE LATENCY
import { setTimeout } from 'node:timers/promises'
import { openSandbox } from '../src/sandbox/sandbox.ts'
import { serveSandbox } from '../src/sandbox/serve.ts'

const [database = ':memory:', latency = '0'] = process.argv.slice(2)
const sandbox = openSandbox({ database })
const administrator = sandbox.issueAdministrator()

let requests = 0
const counting = {
  ...sandbox,
  handle: async (request: Request) => {
    requests += 1
    if (Number(latency) > 0) await setTimeout(Number(latency))
    return await sandbox.handle(request)
  },
}
const server = await serveSandbox(counting, { port: 0 })

process.on('message', () => {
  process.send?.({ requests })
  requests = 0
})
process.on('disconnect', () => {
  void server.close().then(() => sandbox.close())
})
process.send?.({ url: server.url, apiKey: administrator.reveal() })

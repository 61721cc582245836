import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import t from 'tap'
import { second } from '../../../src/model/duration.ts'
import type { Incoming, Transport } from '../../../src/platform/transport.ts'
import { AnswerRecorder, AnswerReplayer } from '../../src/engine/shared-answers.ts'

const date = 'Mon, 30 Nov 2026 06:00:00 GMT'

/** A platform that counts what reaches it. */
function platform(status = 200) {
  const asked: string[] = []
  const transport: Transport = ({ method, url }) => {
    asked.push(`${method} ${new URL(url).pathname}${new URL(url).search}`)
    const headers: Readonly<Record<string, string>> = {
      date,
      'content-type': 'application/json',
      'x-ratelimit-remaining': '7',
    }
    const body = Readable.from([Buffer.from(`{"answer":${asked.length}}`)])
    return Promise.resolve({ status, header: (name: string) => headers[name] ?? null, body })
  }
  return { asked, transport }
}

function ask(transport: Transport, path: string, method = 'GET'): Promise<Incoming> {
  const signal = new AbortController().signal
  return transport({ method, url: `https://platform.test${path}`, headers: {}, body: null, signal })
}

async function listed() {
  const recorder = new AnswerRecorder()
  const through = recorder.through(platform().transport)
  for (const path of ['/keys?limit=2', '/keys?limit=2&cursor=a', '/whoami']) await ask(through, path)
  return recorder.recorded()
}

t.test('answers the first look of a run as the listing was answered, each request once', async t => {
  const { asked, transport } = platform()
  const replay = new AnswerReplayer(await listed(), () => 0).through(transport)
  const bodies = []
  for (const path of ['/keys?limit=2', '/keys?limit=2&cursor=a', '/whoami'])
    bodies.push(await text(Readable.from((await ask(replay, path)).body)))
  t.strictSame(bodies, ['{"answer":1}', '{"answer":2}', '{"answer":3}'])
  t.strictSame(asked, [])
  await ask(replay, '/keys?limit=2')
  t.strictSame(asked, ['GET /keys?limit=2'], 'a second look asks the platform')
})

t.test('answers nothing any more once something else was asked', async t => {
  for (const [path, method] of [
    ['/keys', 'POST'],
    ['/keys/key_1', 'GET'],
  ] as const) {
    const { asked, transport } = platform()
    const replay = new AnswerReplayer(await listed(), () => 0).through(transport)
    await ask(replay, path, method)
    await ask(replay, '/keys?limit=2')
    t.strictSame(asked, [`${method} ${path}`, 'GET /keys?limit=2'])
  }
})

t.test('carries the clock of the platform on, and says nothing of a budget that was', async t => {
  const replay = new AnswerReplayer(await listed(), () => 90 * second).through(platform().transport)
  const { header } = await ask(replay, '/whoami')
  t.equal(header('date'), 'Mon, 30 Nov 2026 06:01:30 GMT')
  t.equal(header('content-type'), 'application/json')
  t.equal(header('x-ratelimit-remaining'), null)
})

t.test(
  'passes the budget on to whoever lists, and keeps refusals, but no answer of a platform that is down',
  async t => {
    for (const [status, kept] of [
      [200, ['/whoami']],
      [400, ['/whoami']],
      [429, []],
      [503, []],
    ] as const) {
      const recorder = new AnswerRecorder()
      const { header } = await ask(recorder.through(platform(status).transport), '/whoami')
      t.equal(header('x-ratelimit-remaining'), '7')
      t.strictSame(Object.keys(recorder.recorded()), kept)
    }
  },
)

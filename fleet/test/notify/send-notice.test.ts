import { createHmac } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { connectProxy } from '../../../test/support/proxy.ts'
import type { NoticeChannel, NoticeTarget } from '../../src/notify/channel.ts'
import { type Fact, type Notice, noticeOf } from '../../src/notify/notice.ts'
import { sendNotice } from '../../src/notify/send-notice.ts'
import { openReceiver } from './receiver.ts'

const fact: Fact = {
  ...{ kind: 'stack-state', name: 'acme/one', origin: 'https://api.fluxloop.ai', account: 'acme' },
  ...{ owner: 'platform-team', state: 'failing', problem: 'HTTP 500 <b>& more' },
}
const notice = noticeOf(fact, { id: 'id-1', since: Date.UTC(2026, 10, 22), now: Date.UTC(2026, 10, 22) })
const secret = new Secret('signing-secret-of-a-channel')

function channel(target: NoticeTarget, timeout = 3_000): NoticeChannel {
  return { name: 'ops', target, timeout, events: ['failing'], owners: [], findingsFrom: 'high' }
}

function sending(env: NodeJS.ProcessEnv = {}) {
  const pauses: number[] = []
  const stopping = new AbortController()
  return {
    ...{ env, version: '1.2.3', now: () => Date.UTC(2026, 10, 22, 12), pauses, stop: () => stopping.abort() },
    pause: async (time: number) => void pauses.push(time),
    stopping: stopping.signal,
  }
}

t.test('signs a call over its time and its body', async t => {
  const receiver = await openReceiver(t)
  await sendNotice(channel({ kind: 'webhook', url: receiver.url, secret }), notice, sending())
  const [call] = receiver.received
  t.strictSame(JSON.parse(call?.body ?? ''), notice)
  t.match(call?.headers, { 'content-type': 'application/json', 'user-agent': 'fluxloop-keys/1.2.3' })
  const time = Date.UTC(2026, 10, 22, 12) / 1_000
  const digest = createHmac('sha256', secret.reveal())
    .update(`${time}.${call?.body ?? ''}`)
    .digest('hex')
  t.equal(call?.headers['fluxloop-keys-signature'], `t=${time},v1=${digest}`)
})

t.test(
  'is known as ours by the code of the guide, and only unaltered, in time and with the secret',
  async t => {
    const guide = await readFile(new URL('../../../docs/guides/fleet-notices.md', import.meta.url), 'utf8')
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
    const { isOurs } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      readonly isOurs: (header: string, body: string, secret: string, now: number) => boolean
    }
    const receiver = await openReceiver(t)
    const outside = sending()
    await sendNotice(channel({ kind: 'webhook', url: receiver.url, secret }), notice, outside)
    const [call] = receiver.received
    const header = String(call?.headers['fluxloop-keys-signature'])
    const [body, own, now] = [call?.body ?? '', secret.reveal(), outside.now()]
    t.ok(isOurs(header, body, own, now + 299_000))
    t.notOk(isOurs(header, body, own, now + 302_000))
    t.notOk(isOurs(header, `${body} `, own, now))
    t.notOk(isOurs(header, body, `${own}x`, now))
    t.notOk(isOurs(header.replace(/t=\d+/, `t=${Math.floor(now / 1_000) + 1}`), body, own, now))
    for (const odd of ['', 'v1=00', 't=1', header.replace('v1=', 'v0=')])
      t.notOk(isOurs(odd, body, own, now), odd)
  },
)

t.test('tries again where a server fails twice, with pauses that grow', async t => {
  const receiver = await openReceiver(t)
  receiver.answer = response => {
    response.statusCode =
      receiver.received.length <= 2 ? ([503, 429][receiver.received.length - 1] ?? 0) : 204
    response.end()
  }
  const outside = sending()
  await sendNotice(channel({ kind: 'webhook', url: receiver.url, secret }), notice, outside)
  t.equal(receiver.received.length, 3)
  t.strictSame(outside.pauses, [1_000, 4_000])
})

t.test('gives up after three tries, and begins none once it is to stop', async t => {
  const receiver = await openReceiver(t)
  receiver.answer = response => response.writeHead(500).end('flux_ci_SECRET0123456789 in an error')
  const target = { kind: 'webhook', url: receiver.url, secret } as const
  await t.rejects(sendNotice(channel(target), notice, sending()), {
    code: 'network',
    message: 'The channel ops did not take a notice: HTTP 500',
  })
  t.equal(receiver.received.length, 3)
  const outside = sending()
  outside.stop()
  await t.rejects(sendNotice(channel(target), notice, outside), { message: /HTTP 500/ })
  t.equal(receiver.received.length, 4)
})

t.test('follows no redirect, and asks a server that refuses only once', async t => {
  const [receiver, elsewhere] = [await openReceiver(t), await openReceiver(t)]
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.answer = response => response.writeHead(status, { location: elsewhere.url.reveal() }).end()
    const before = receiver.received.length
    await t.rejects(sendNotice(channel({ kind: 'slack', url: receiver.url }), notice, sending()), {
      message: /redirects elsewhere/,
    })
    t.equal(receiver.received.length, before + 1, String(status))
  }
  t.strictSame(elsewhere.received, [])
  receiver.answer = response => response.writeHead(404).end()
  await t.rejects(sendNotice(channel({ kind: 'slack', url: receiver.url }), notice, sending()), {
    message: /HTTP 404/,
  })
  t.equal(receiver.received.length, 6)
})

t.test(
  'waits no longer than its time for a server that hangs, and takes an endless answer for one',
  async t => {
    const receiver = await openReceiver(t)
    receiver.answer = () => undefined
    const target = { kind: 'webhook', url: receiver.url, secret } as const
    await t.rejects(sendNotice(channel(target, 100), notice, sending()), { message: /: no answer in time$/ })
    t.equal(receiver.received.length, 3)
    const cut = new Promise<void>(resolve => {
      receiver.answer = response => {
        response.on('close', resolve)
        const more = () => {
          if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more))
        }
        more()
      }
    })
    await sendNotice(channel(target, 60_000), notice, sending())
    await cut
    t.equal(receiver.received.length, 4, 'it arrived, and its answer was not read to an end')
  },
)

t.test('sends to https and to this machine alone, and names no address', async t => {
  for (const url of ['http://hooks.example.com/T0KEN', 'ftp://x/T0KEN', 'T0KEN', 'file:///T0KEN']) {
    const failed = sendNotice(channel({ kind: 'slack', url: new Secret(url) }), notice, sending())
    const failure: Error = await failed.then(
      () => new Error('sent'),
      (error: unknown) => error as Error,
    )
    t.equal(failure.message, 'The channel ops did not take a notice: its address is not an https URL')
  }
  const receiver = await openReceiver(t)
  receiver.answer = response => response.destroy()
  const failed = sendNotice(channel({ kind: 'slack', url: receiver.url }), notice, sending())
  const failure = await failed.then(
    () => null,
    (error: unknown) => error as Error,
  )
  t.match(failure?.message, /the connection broke$/)
  t.notMatch(failure?.message, /127\.0\.0\.1|t0ken/)
})

t.test('goes through the proxy that the environment names', async t => {
  const receiver = await openReceiver(t)
  const proxy = await connectProxy(t, Number(new URL(receiver.url.reveal()).port))
  proxy.status = () => 407
  const url = new Secret('https://hooks.example.com/services/T0KEN')
  const outside = sending({ HTTPS_PROXY: `http://${proxy.host}` })
  await t.rejects(sendNotice(channel({ kind: 'slack', url }), notice, outside), {
    message: /the proxy refused to connect|the connection broke/,
  })
  t.match(proxy.asked[0], 'CONNECT hooks.example.com:443')
  t.strictSame(receiver.received, [])
})

t.test('gives Slack blocks and a fallback in which nothing acts', async t => {
  const receiver = await openReceiver(t)
  const odd: Fact = {
    ...fact,
    name: '<!channel> & <https://evil.example|x>',
    problem: `${'&'.repeat(900)} end`,
  }
  const made = noticeOf(odd, { id: 'i', since: 0, now: 0 })
  await sendNotice(channel({ kind: 'slack', url: receiver.url }), made, sending())
  interface Text {
    readonly type: string
    readonly text: string
  }
  const sent = JSON.parse(receiver.received[0]?.body ?? '') as {
    readonly text: string
    readonly blocks: readonly {
      readonly type: string
      readonly text?: Text
      readonly elements?: readonly Text[]
    }[]
  }
  const texts = sent.blocks.flatMap(({ text, elements = [] }) => [
    ...(text === undefined ? [] : [text]),
    ...elements,
  ])
  t.strictSame(
    sent.blocks.map(({ type }) => type),
    ['header', 'section', 'context'],
  )
  t.ok(texts.every(({ type }) => type === 'plain_text'))
  t.notMatch([sent.text, ...texts.map(({ text }) => text)].join('\n'), /[<>]|&(?!amp;|lt;|gt;)/)
  t.match(sent.text, 'Critical: Stack &lt;!channel&gt; &amp; &lt;https://evil.example|x&gt; fails')
  t.ok((texts[0]?.text.length ?? 0) <= 150 && (texts[1]?.text.length ?? 0) <= 3_000)
})

async function program(t: Test, script: string): Promise<{ path: string; out: string }> {
  const folder = t.testdir({})
  const [path, out] = [join(folder, 'notify'), join(folder, 'out')]
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return { path, out }
}

t.test('runs a program without a shell, with the notice on its standard input', async t => {
  const { path, out } = await program(t, 'cat > "$1"; printf %s "$2" >> "$1"; env > "$1.env"')
  const env = {
    ...{ PATH: process.env['PATH'], HOME: '/home/x', FLUXLOOP_KEYS_DATABASE_URL: 'postgresql://x' },
    ...{ ACME_KEY: `flux_ci_${'a'.repeat(32)}`, PGPASSWORD: 'x', WANTED: 'yes', OTHER: 'no' },
    ...{ FLUXLOOP_API_KEY: `flux_ci_${'b'.repeat(32)}`, NODE_OPTIONS: '--x' },
  }
  const variables = ['WANTED', 'MISSING', 'ACME_KEY', 'FLUXLOOP_API_KEY', 'FLUXLOOP_KEYS_DATABASE_URL']
  const target = { kind: 'exec', line: [path, out, '$(id); `id`'], variables } as const
  await sendNotice(channel(target), notice, sending(env))
  const [text, given] = [await readFile(out, 'utf8'), await readFile(`${out}.env`, 'utf8')]
  const [json = '', argument] = text.split('\n')
  t.strictSame(JSON.parse(json) as Notice, notice)
  t.equal(argument, '$(id); `id`')
  t.match(given, /^WANTED=yes$/m)
  t.match(given, /^HOME=\/home\/x$/m)
  t.notMatch(given, /flux_ci|postgresql|PGPASSWORD|OTHER|--x\b/)
})

t.test('says where a program fails, hangs or is missing, and quotes nothing of what it prints', async t => {
  const tell = (line: readonly string[], timeout = 3_000) =>
    sendNotice(channel({ kind: 'exec', line, variables: [] }, timeout), notice, sending(process.env))
  const failing = await program(t, 'echo "flux_ci_x: no" >&2; exit 3')
  await t.rejects(tell([failing.path]), {
    message: 'The channel ops did not take a notice: the program ended with 3',
  })
  const hanging = await program(t, 'exec sleep 600')
  await t.rejects(tell([hanging.path], 200), { message: /did not end within 0\.2 seconds$/ })
  await t.rejects(tell(['/nowhere/notify']), { code: 'not-found', message: /is not installed here$/ })
})

t.test('holds no secret, no address and no person', async t => {
  const known = new Secret('W1rklich-Geheim-0123456789-abcdef')
  const made = noticeOf(
    {
      ...fact,
      owner: 'jo@example.com',
      problem: `jo@example.com from 203.0.113.7 or 2001:db8::1 with flux_ci_${'x'.repeat(32)}`,
    },
    { id: 'i', since: 0, now: 0 },
  )
  t.notMatch(JSON.stringify(made), /jo@|203\.0|2001:db8|xxxx/)
  t.notMatch(
    JSON.stringify(noticeOf({ ...fact, name: known.reveal() }, { id: 'i', since: 0, now: 0 })),
    'W1rklich',
  )
  const odd = noticeOf({ ...fact, problem: '\u001b[2J\u202e::error::x\n' }, { id: 'i', since: 0, now: 0 })
  t.notMatch(odd.text, /[\p{Cc}\p{Bidi_Control}]/u)
})

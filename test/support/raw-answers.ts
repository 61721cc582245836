import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { fc } from './properties.ts'
import { mutatedJson, mutatedText } from './fuzz.ts'

/** What comes back over the socket, byte for byte, and what becomes of the connection then. */
export interface RawAnswer {
  /** A byte a character. */
  readonly bytes: string
  readonly then: 'end' | 'reset' | 'stay open'
}

const bytesOf = (text: string) => Buffer.from(text).toString('latin1')

const codes = [100, 101, 103, 199, 202, 204, 205, 206, 226, 300, 302, 304, 307, 400, 401, 403, 404, 405, 408]
const moreCodes = [409, 412, 418, 421, 422, 425, 429, 451, 500, 501, 502, 503, 504, 505, 511, 599, 600, 999]

const statusLine = fc.oneof(
  { weight: 11, arbitrary: fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 201 Created') },
  { weight: 4, arbitrary: fc.constantFrom(...codes, ...moreCodes).map(code => `HTTP/1.1 ${code} So`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['HTTP/1.0 200 OK', 'HTTP/2 200', 'HTTP/1.1 200', 'HTTP/1.1 2000 OK', 'HTTP/1.1 -1 No'],
      ...['HTTP/1.1 000 No', 'ICY 200 OK', '', '200 OK', 'HTTP/1.1 200 \u001b[31m', 'HTTP/1.1 200 \0'],
    ),
  },
)

const values: Readonly<Record<string, readonly string[]>> = {
  'content-type': ['application/json', 'text/html', 'application/json; charset=utf-16', ';', '', '\u00ff'],
  'content-encoding': ['gzip', 'br', 'deflate', 'identity', 'zstd', 'gzip, gzip, gzip', 'x'],
  etag: ['"', 'W/', '\u00ff', 'x'.repeat(4_000)],
  date: [
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Mon, 99 Foo 0000 99:99:99 GMT',
    '0',
  ],
  'retry-after': ['0', '1', '999999999', '-1', '1e9', 'NaN', 'Fri, 31 Dec 9999 23:59:59 GMT', ''],
  'x-ratelimit-limit': ['1000', '0', '-1', '999999999999', 'NaN'],
  'x-ratelimit-remaining': ['0', '999999999999', '-1', '1.5', ''],
  'x-ratelimit-reset': ['0', '999999999', '999999999999', '-1', '60, 60'],
  location: ['/', '//elsewhere.invalid', 'http://[', 'javascript:1', ''],
  connection: ['close', 'upgrade', 'keep-alive', ''],
  upgrade: ['h2c', 'websocket'],
  trailer: ['x'],
  'set-cookie': ['a=b', '__proto__=1'],
  ['__proto__']: ['x'],
  'x-huge': ['x'.repeat(20_000), 'x'.repeat(70_000)],
}
const oddLines = ['no colon', ': nothing', ' folded', 'a b: c', 'x:\0', `${'x'.repeat(9_000)}: y`, '\r']

const header = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .constantFrom(...Object.keys(values))
      .chain(name => fc.constantFrom(...(values[name] ?? [])).map(value => `${name}: ${value}`)),
  },
  { weight: 1, arbitrary: fc.constantFrom(...oddLines) },
)

const oddBodies: readonly string[] = [
  '',
  ' ',
  '\0',
  '\ufeff',
  'null',
  '0',
  '""',
  '[]',
  '{}',
  '[null]',
  '9'.repeat(5_000),
  '-1e999',
  '['.repeat(100_000),
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"api_key":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  '{"__proto__":{"id":"key_a"},"constructor":{"prototype":{}}}',
  '<!doctype html><title>Hello</title>',
  'data: {}\n\n',
]

/** A body: a sample as it is, damaged as JSON, as text, or in its bytes, or something else altogether. */
function body(samples: readonly unknown[]): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...samples)
  const whole = sample.map(value => bytesOf(JSON.stringify(value)))
  const invalid = fc.constantFrom(
    '\u00ff',
    '\u00c0\u0080',
    '\u00ed\u00a0\u0080',
    '\u00f8',
    '\0',
    '\u00e2\u0082',
  )
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    whole.map(text => bytesOf('\ufeff') + text),
    sample
      .chain(value => mutatedJson(value))
      .map(value => (value === undefined ? '' : bytesOf(JSON.stringify(value)))),
    mutatedText(samples.map(value => JSON.stringify(value))).map(bytesOf),
    fc
      .tuple(whole, invalid, fc.nat(5_000))
      .map(([text, strange, at]) => text.slice(0, at % text.length) + strange + text.slice(at % text.length)),
    fc.constantFrom(...oddBodies.map(bytesOf)),
  )
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** How its length is told, rightly or not: headers, and the body as it then is. */
const framings: Readonly<Record<string, (body: string) => readonly [readonly string[], string]>> = {
  right: text => [[`content-length: ${text.length}`], text],
  none: text => [[], text],
  'too short': text => [[`content-length: ${text.length >> 1}`], text],
  'too long': text => [[`content-length: ${text.length + 10}`], text],
  negative: text => [['content-length: -1'], text],
  huge: text => [[`content-length: ${'9'.repeat(25)}`], text],
  twice: text => [[`content-length: ${text.length}`, 'content-length: 3'], text],
  chunked: text => [['transfer-encoding: chunked'], `${text === '' ? '' : chunk(text)}0\r\n\r\n`],
  'chunked, and a length': text => [
    ['transfer-encoding: chunked', `content-length: ${text.length}`],
    `${chunk(text)}0\r\n\r\n`,
  ],
  'no last chunk': text => [['transfer-encoding: chunked'], chunk(text)],
  'a chunk of a wrong size': text => [['transfer-encoding: chunked'], `3\r\n${text}\r\n0\r\n\r\n`],
  'a chunk of no size': text => [['transfer-encoding: chunked'], `zz\r\n${text}\r\n0\r\n\r\n`],
  'a chunk of a huge size': text => [['transfer-encoding: chunked'], `${'f'.repeat(20)}\r\n${text}`],
  'chunked, but not last': text => [['transfer-encoding: chunked, gzip'], chunk(text)],
}

/** Answers as no platform should give them, around these JSON values. */
export function rawAnswer(samples: readonly unknown[]): fc.Arbitrary<RawAnswer> {
  const parts = fc.record({
    before: fc.oneof(
      { weight: 9, arbitrary: fc.constant('') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'HTTP/1.1 103 Early\r\nlink: x\r\n\r\n',
          'HTTP/1.1 100 Go\r\n\r\n',
          '\r\n\r\n',
        ),
      },
    ),
    status: statusLine,
    headers: fc.oneof(fc.constant([]), fc.array(header, { maxLength: 4 })),
    body: body(samples),
    framing: fc.oneof(
      { weight: 2, arbitrary: fc.constant('right') },
      { weight: 1, arbitrary: fc.constantFrom(...Object.keys(framings)) },
    ),
    cut: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(2_000) }),
    then: fc.constantFrom('end' as const, 'end' as const, 'reset' as const, 'stay open' as const),
  })
  return parts.map(({ before, status, headers, body, framing, cut, then }) => {
    const [lengths, framed] = framings[framing]?.(body) ?? [[], body]
    const head = [status, ...headers, ...lengths].join('\r\n')
    const bytes = `${before}${head}\r\n\r\n${framed}`
    return { bytes: cut === null ? bytes : bytes.slice(0, cut), then }
  })
}

/** Gives the same answer to every request, and opens a tunnel to itself for whoever takes it for a proxy. */
export async function serveRaw({ bytes, then }: RawAnswer): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    let asked = ''
    socket.on('error', () => undefined)
    socket.on('data', data => {
      asked += data.toString('latin1')
      const head = asked.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(asked)?.[1] ?? 0)
      if (asked.length < head + 4 + length) return
      const isTunnel = asked.startsWith('CONNECT ')
      asked = ''
      if (isTunnel) return void socket.write('HTTP/1.1 200 Go on\r\n\r\n')
      socket.write(bytes, 'latin1', () => {
        if (then === 'end') socket.end()
        if (then === 'reset') socket.resetAndDestroy()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { createLog } from '../../src/log/replica-log.ts'

function collected(level: Parameters<typeof createLog>[0]['level'] = 'debug') {
  const lines: string[] = []
  const log = createLog({ level, write: line => void lines.push(line) })
  const parsed = () => lines.map(line => JSON.parse(line) as Record<string, unknown>)
  return { log, lines, parsed }
}

t.test('writes one JSON object a line, with the run and the stack of its child', async t => {
  const { log, lines, parsed } = collected()
  const child = log.child({ replica: 'a' }).child({ run: 'r1', stack: 'acme/one' })
  child.info('Ran the stack', { outcome: 'ok', requests: 3 })
  log.warn('50% of the budget %s %d is used')
  t.ok(lines.every(line => line.endsWith('\n') && line.trimEnd().split('\n').length === 1))
  t.match(parsed(), [
    {
      level: 'info',
      time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
      msg: 'Ran the stack',
      ...{ replica: 'a', run: 'r1', stack: 'acme/one', outcome: 'ok', requests: 3 },
    },
    { level: 'warn', msg: '50% of the budget %s %d is used' },
  ])
  t.notOk('run' in (parsed()[1] ?? {}), 'a line about no run names none')
  t.notOk('pid' in (parsed()[0] ?? {}))
})

t.test('leaves out what is below its level', async t => {
  const { log, parsed } = collected('warn')
  log.debug('a')
  log.info('b')
  log.child({ stack: 's' }).info('c')
  log.warn('d')
  log.error('e')
  t.strictSame(
    parsed().map(({ msg }) => msg),
    ['d', 'e'],
  )
})

t.test('writes no secret, in whatever field or form it comes', async t => {
  const secret = new Secret('S3ntinel-Wert-0123456789-abcdefgh')
  const plain = secret.reveal()
  const { log, lines } = collected()
  log.info(`it was ${plain}`)
  log.info('a', { secret, nested: { list: [plain, { [plain]: 1 }] } })
  log.info('b', { encoded: Buffer.from(plain).toString('base64') })
  log.error('c', { err: new Error(`answer: ${plain}`, { cause: new Error(plain) }) })
  log.info('d', { other: 'flux_ci_NeverSeenByThisProcess0123' })
  log.child({ run: plain, stack: 'one' }).info('e')
  t.equal(lines.length, 6)
  const text = lines.join('')
  t.notMatch(text, /S3ntinel|NeverSeen/)
  t.notMatch(text, Buffer.from(plain).toString('base64').slice(0, 16))
  t.match(text, '"secret":"[secret]"')
  t.match(text, '[text that held a secret]')
  t.match(text, 'flux_ci_[secret]')
})

t.test('gives a terminal and a CI runner nothing to act on, and a reader the exact value', async t => {
  const { log, lines, parsed } = collected()
  const hostile = '\u001b]0;x\u0007\n::error::x\r\u202egnp ##[group]x ##vso[task.x]y'
  log.child({ stack: hostile }).info(hostile)
  const [line = ''] = lines
  t.notMatch(line.slice(0, -1), /[\p{Cc}\p{Bidi_Control}]|##\[|##vso\[/u)
  t.strictSame([parsed()[0]?.['msg'], parsed()[0]?.['stack']], [hostile, hostile])
})

t.test('cuts a text that is too long, and writes an error with where it came from', async t => {
  const { log, lines, parsed } = collected()
  log.error('failed', { err: Object.assign(new Error('x'.repeat(100_000)), { code: 'ECONNRESET' }) })
  t.ok((lines[0] ?? '').length < 20_000)
  t.match(parsed()[0], { err: { type: 'Error', message: /^x{3999}…$/, code: 'ECONNRESET' } })
  log.error('failed', { err: new Error('y') })
  t.match(parsed()[1], { err: { message: 'y', stack: /log\.test\.ts/ } })
})

// The formats are those that the scanners document: none of them runs here.
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import t from 'tap'
import { readReport } from '../../src/commands/leak/read-report.ts'
import { Failure } from '../../src/model/failure.ts'
import { fractions } from '../support/random.ts'

const one = `flux_ci_${'a1'.repeat(16)}`
const two = `flx_sk_${'b2'.repeat(16)}`
const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/leaks/${name}`, import.meta.url), 'utf8')
    .replaceAll('SECRET_ONE', one)
    .replaceAll('SECRET_TWO', two)
const read = (text: string) => {
  const { found, source } = readReport(text)
  return { source, found: found.map(({ secret, places }) => [secret.reveal(), ...places]) }
}

t.test('reads a report of gitleaks', async t => {
  t.strictSame(read(fixture('gitleaks.json')), {
    source: 'a report of gitleaks',
    found: [
      [one, 'app/settings.py:12 in 9f4c2d1e7a6b', 'deploy/old.env:3 in 1b2c3d4e5f60'],
      [two, 'README.md:40'],
    ],
  })
})

t.test('reads lines of trufflehog', async t => {
  t.strictSame(read(fixture('trufflehog.jsonl')), {
    source: 'a report of trufflehog',
    found: [
      [one, 'ci/build.sh:8 in 0a1b2c3d4e5f'],
      [two, '/srv/agents/.env:2'],
    ],
  })
})

t.test('reads the message that secret scanning sends to partners, and its alerts', async t => {
  t.strictSame(read(fixture('github-partner.json')), {
    source: 'a message of secret scanning',
    found: [
      [one, 'https://github.com/acme/agents/blob/12345600b9cbe38a219f39a9941c9319b600c002/app.py'],
      [two],
    ],
  })
  t.strictSame(read(fixture('github-alerts.json')), {
    source: 'an alert of secret scanning',
    found: [[one, 'https://github.com/acme/agents/security/secret-scanning/2']],
  })
  t.strictSame(read(fixture('github-webhook.json')).found.length, 1)
})

t.test('reads a text with secrets in it, and one secret alone, whatever that begins with', async t => {
  t.strictSame(read(`FLUXLOOP_API_KEY="${one}" # and ${two}, ${one}`).found, [[one], [two]])
  t.strictSame(read(`${'x9'.repeat(20)}\n`).found, [['x9'.repeat(20)]])
  t.strictSame(read('nothing to see here').found, [])
  t.strictSame(read('').found, [])
  t.strictSame(read('[]').found, [])
  t.strictSame(read(JSON.stringify(`the log says ${one}`)).found, [[one]])
})

t.test('refuses what it cannot read, and says nothing of what stood there', async t => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [JSON.stringify([{ RuleID: 'x', Secret: 'REDACTED', File: 'a' }]), /redacted/],
    [
      JSON.stringify({ action: 'created', alert: { number: 2, secret_type: 'x' } }),
      /does not hold the secret/,
    ],
    [JSON.stringify([{ password: one }]), /no secret that it knows of/],
    [JSON.stringify({ results: [{ token: one }] }), /no secret that it knows of/],
    [
      Array.from({ length: 1001 }, (_, index) => `flux_ci_${String(index).padStart(20, '0')}`).join(' '),
      /more than 1000/,
    ],
  ]
  for (const [text, hint] of refused) {
    try {
      readReport(text)
      t.fail('reads it')
    } catch (error) {
      t.ok(error instanceof Failure && error.code === 'usage')
      t.match(error instanceof Failure ? error.hints.join(' ') : '', hint)
      t.notMatch(inspect(error), new RegExp(one))
    }
  }
})

t.test('never throws anything else, and never prints a secret, whatever it is given', async t => {
  const random = fractions(22)
  const whole = fixture('gitleaks.json') + fixture('trufflehog.jsonl')
  for (let times = 0; times < 300; times += 1) {
    const [from, to] = [random() * whole.length, random() * whole.length]
      .map(Math.floor)
      .sort((a, b) => a - b)
    const text = whole.slice(from, to)
    try {
      t.notMatch(inspect(readReport(text), { depth: 9 }), /(a1){8}|(b2){8}/)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }
})

t.test('ships rules for gitleaks that find the secrets of the platform, and are RE2', async t => {
  const rules = readFileSync(new URL('../../examples/gitleaks.toml', import.meta.url), 'utf8')
  const patterns = [...rules.matchAll(/^regex = '''(.*)'''$/gm)].map(([, pattern]) => pattern ?? '')
  t.equal(patterns.length, 2)
  for (const pattern of patterns)
    t.notMatch(pattern, /\(\?[=!<]|\\[1-9]|[*+?}]\+/, 'no look-around, no back-reference')
  const finds = (text: string) => patterns.flatMap(each => new RegExp(each).exec(text)?.[1] ?? [])
  const keywords = [...rules.matchAll(/"(fl\w+_)"/g)].map(([, word]) => word ?? '')
  t.equal(keywords.length, 7)
  for (const prefix of keywords) {
    const secret = `${prefix}${'0123456789abcdef'.repeat(2)}`
    t.strictSame(finds(`FLUXLOOP_API_KEY="${secret}"`), [secret])
    t.strictSame(finds(secret), [secret], 'at the end of a text')
    t.strictSame(readReport(`key: ${secret}`).found.length, 1, 'and leak reads it')
  }
  t.strictSame(finds('flux_dev_****...mno34 flux_ci_short myflux_dev_0123456789abcdef0123'), [])
})

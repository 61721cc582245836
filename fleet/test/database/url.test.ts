import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Failure } from '../../../src/model/failure.ts'
import { Secret } from '../../../src/model/secret.ts'
import { describePlace, parseDatabaseUrl } from '../../src/database/url.ts'

const parse = (text: string) => parseDatabaseUrl(new Secret(text))

t.test('reads user, password, host, port and database, percent-encoded or not', async t => {
  const { password, ...url } = parse('postgresql://ad%40a:p%2Fw%3A@db.example.com:6432/fle%20et')
  t.match(url, { user: 'ad@a', host: 'db.example.com', port: 6432, database: 'fle et', tls: false })
  t.equal(password?.reveal(), 'p/w:')
  t.equal(describePlace(url), 'database "fle et" at db.example.com:6432')
})

t.test('takes the usual port, an IPv6 address, a socket, and no user', async t => {
  t.match(parse('postgres://db/fleet'), { port: 5432, user: undefined, password: undefined })
  t.match(parse('postgres://[::1]:5433/fleet'), { host: '::1', port: 5433 })
  t.equal(describePlace(parse('postgres://[::1]/fleet')), 'database "fleet" at [::1]:5432')
  t.match(parse('postgres:///fleet?host=/run/postgresql'), { host: '/run/postgresql' })
})

t.test('encrypts as sslmode says', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-ca-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, 'the certificate')
  const tls = (query: string) => parse(`postgres://db/fleet?${query}`).tls || {}
  t.equal(parse('postgres://db/fleet?sslmode=disable').tls, false)
  t.match(tls('sslmode=require'), { rejectUnauthorized: false, checkServerIdentity: Function })
  t.match(tls(`sslmode=require&sslrootcert=${ca}`), { rejectUnauthorized: true, ca: 'the certificate' })
  t.match(tls(`sslmode=verify-ca&sslrootcert=${ca}`), {
    rejectUnauthorized: true,
    checkServerIdentity: Function,
  })
  const full = tls('sslmode=verify-full')
  t.match(full, { rejectUnauthorized: true })
  t.notOk('checkServerIdentity' in full, 'and checks the name as Node does')
})

const invalid: readonly (readonly [why: RegExp, url: string])[] = [
  [/cannot be read/, 'not a URL with secret-pw'],
  [/does not begin with postgresql/, 'mysql://u:secret-pw@db/fleet'],
  [/names no database/, 'postgres://u:secret-pw@db'],
  [/several hosts/, 'postgres://u:secret-pw@db/fleet?host=a,b'],
  [/unencrypted/, 'postgres://u:secret-pw@db/fleet?sslmode=prefer'],
  [/`options` is not supported/, 'postgres://u:secret-pw@db/fleet?options=-c%20search_path=x'],
  [/"statement_timeout" is not supported/, 'postgres://u:secret-pw@db/fleet?statement_timeout=1'],
  [/not percent-encoded/, 'postgres://u:secret-pw%ZZ@db/fleet'],
  [/Cannot read \/nowhere/, 'postgres://u:secret-pw@db/fleet?sslmode=verify-full&sslrootcert=/nowhere'],
]

for (const [why, url] of invalid) {
  t.test(`refuses a URL with ${why.source}, and does not show it`, async t => {
    try {
      parse(url)
      t.fail('it was read')
    } catch (error) {
      t.ok(error instanceof Failure)
      const { code, message, hints } = error as Failure
      t.equal(code, 'configuration')
      t.match(message, why)
      t.notMatch([message, ...hints].join('\n'), /secret-pw/)
    }
  })
}

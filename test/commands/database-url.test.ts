import t from 'tap'
import { databaseUrl, requireDatabaseUrl } from '../../src/commands/fleet/database-url.ts'
import { holdsSecret } from '../../src/model/secret.ts'

const read = (value: string | undefined) => databaseUrl({ FLUXLOOP_KEYS_DATABASE_URL: value })

t.test('takes the URL of the environment as a secret', async t => {
  const url = 'postgresql://fleet:kV7rQ2xWmT@db.acme.example:5432/fleet?sslmode=verify-full'
  t.equal(read(` ${url}\n`)?.reveal(), url)
  t.equal(String(read(url)), '[secret]')
  t.equal(
    read('postgres:///fleet?host=/var/run/postgresql')?.reveal(),
    'postgres:///fleet?host=/var/run/postgresql',
  )
})

t.test('is null where the variable is absent or empty', async t => {
  t.equal(read(undefined), null)
  t.equal(read(' '), null)
})

t.test('remembers the password alone, so that no text with it is shown', async t => {
  t.notOk(holdsSecret('password authentication failed: cJ4wZ8pNbR5h'))
  read('postgresql://fleet:cJ4wZ8pNbR5h@db/fleet')
  t.ok(holdsSecret('password authentication failed: cJ4wZ8pNbR5h'))
  read('postgresql://fleet:a%2Fd9Xq3Lv6Ty@db/fleet')
  t.ok(holdsSecret('a/d9Xq3Lv6Ty'), 'as it is meant')
  read('postgresql:///fleet?user=fleet&password=uB6mEe2yGf4c')
  t.ok(holdsSecret('uB6mEe2yGf4c'), 'as a parameter')
})

t.test('refuses what cannot be such a URL, without a part of it', async t => {
  for (const value of [
    'mysql://fleet:sentinel@db/fleet',
    'db.acme.example',
    'postgresql://fleet:sentinel@db:port/x',
  ]) {
    const refused = t.throws(() => read(value), { code: 'usage', exitCode: 2 }) as Error & {
      hints: readonly string[]
    }
    t.notMatch(`${refused.message} ${refused.hints.join(' ')}`, /sentinel|acme|mysql/)
  }
})

t.test('names the variable where a command needs it and it is absent', async t => {
  t.throws(() => requireDatabaseUrl({}), { code: 'usage', message: /FLUXLOOP_KEYS_DATABASE_URL/ })
})

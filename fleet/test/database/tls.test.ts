import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { connect } from '../../src/database/connect.ts'
import { needsPrograms } from '../support/daemon.ts'
import { startPostgres } from '../support/postgres.ts'

/** A certificate for `localhost` that signs itself. */
function certify(folder: string, name: string): string {
  const certificate = join(folder, `${name}.crt`)
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    join(folder, `${name}.key`),
  ]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-days', '2', '-out', certificate], {
    stdio: 'ignore',
  })
  return certificate
}

t.test('a connection is encrypted and checked as sslmode says', async t => {
  if (!needsPrograms(t, 'initdb', 'postgres', 'setpriv', 'openssl')) return
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-tls-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [own, other] = [certify(folder, 'own'), certify(folder, 'other')]
  const postgres = await startPostgres(t, {
    settings: ['ssl=on', 'ssl_cert_file=own.crt', 'ssl_key_file=own.key'],
    files: { 'own.crt': await readFile(own), 'own.key': await readFile(join(folder, 'own.key')) },
  })
  const { url } = await postgres.database()
  /** Is it encrypted? A code where there is no connection. */
  const isEncrypted = async (query: string, host = '127.0.0.1') => {
    const connection = connect(new Secret(`${url.reveal().replace('127.0.0.1', host)}?${query}`))
    try {
      return await connection.guard(async () => {
        const ask = sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
        return (await ask.execute(connection.db)).rows[0]?.ssl
      })
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error
    } finally {
      await connection.close()
    }
  }
  t.equal(await isEncrypted('sslmode=disable'), false)
  t.equal(await isEncrypted('sslmode=require'), true)
  t.equal(await isEncrypted(`sslmode=require&sslrootcert=${other}`), 'network')
  t.equal(await isEncrypted(`sslmode=verify-ca&sslrootcert=${own}`), true)
  t.equal(await isEncrypted(`sslmode=verify-ca&sslrootcert=${other}`), 'network')
  t.equal(await isEncrypted('sslmode=verify-full', 'localhost'), 'network', 'nobody else trusts it')
  t.equal(await isEncrypted(`sslmode=verify-full&sslrootcert=${own}`, 'localhost'), true)
  t.equal(await isEncrypted(`sslmode=verify-full&sslrootcert=${own}`), 'network', 'it is for another host')
})

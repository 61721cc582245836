import { Failure } from '../../model/failure.ts'
import { Secret } from '../../model/secret.ts'
import { databaseVariable } from '../../platform/credentials.ts'

/** What is shorter stands in many texts by chance, and would have them withheld. */
const shortestPassword = 8

function notOne(why: string): Failure {
  return new Failure('usage', `${databaseVariable} is not the URL of a PostgreSQL: ${why}`, {
    hints: [
      'It looks like postgresql://USER:PASSWORD@HOST:5432/NAME.',
      'Within a password, write the characters / ? # @ and % as %2F, %3F, %23, %40 and %25.',
    ],
  })
}

/** From here on what holds it is withheld, in an error of a library as well. */
function rememberPassword(url: URL): void {
  const encoded = [url.password, url.searchParams.get('password') ?? '']
  for (const password of encoded) {
    if (password.length < shortestPassword) continue
    new Secret(password)
    try {
      new Secret(decodeURIComponent(password))
    } catch {
      // A percent sign that encodes nothing: it is remembered as it is.
    }
  }
}

/**
 * Where the database of a fleet is, as the environment says; null where it says nothing. No flag says it: it holds a password. Throws
 * a usage Failure, without any part of the value, where it cannot be one.
 */
export function databaseUrl(env: Readonly<Record<string, string | undefined>>): Secret | null {
  const text = env[databaseVariable]?.trim() ?? ''
  if (text === '') return null
  const secret = new Secret(text)
  if (!/^postgres(ql)?:\/\//.test(text)) throw notOne('it does not begin with postgresql://')
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) throw notOne('it cannot be read')
  rememberPassword(url)
  return secret
}

/** The same; throws a usage Failure where the environment says nothing. */
export function requireDatabaseUrl(env: Readonly<Record<string, string | undefined>>): Secret {
  const url = databaseUrl(env)
  if (url !== null) return url
  throw new Failure('usage', `A fleet needs the URL of its database in ${databaseVariable}`, {
    hints: [
      'It looks like postgresql://USER:PASSWORD@HOST:5432/NAME. No flag takes it, since others can read those.',
    ],
  })
}

import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { Secret } from '../model/secret.ts'
import type { WireWhoami } from '../platform/wire.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * The administrator's key of a sandbox, which is kept in `file` (0600) next to its database; a new one where there is none,
 * or where the sandbox does not accept it any more. It is the caller's own credential: the database only has its hash.
 */
export async function administratorKey(sandbox: Sandbox, file: string): Promise<Secret> {
  const kept = await readKey(file)
  if (kept !== null && (await isAccepted(sandbox, kept))) return kept
  if (kept !== null) await rm(file, { force: true })
  const fresh = sandbox.issueAdministrator()
  if (await writeKey(file, fresh)) return fresh
  // Another process was first: its key counts, and ours goes again.
  await call(sandbox, fresh, 'DELETE', `/api/api-keys/${(await identity(sandbox, fresh)).id}`)
  return administratorKey(sandbox, file)
}

async function readKey(file: string): Promise<Secret | null> {
  try {
    return new Secret((await readFile(file, 'utf8')).trim())
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** Puts the key in place at once and whole, and only where there is no file yet: false means there is one. */
async function writeKey(file: string, key: Secret): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(`${key.reveal()}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(temporary, file)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    // A file system without hard links.
    if (!hasCode(error, 'EPERM') && !hasCode(error, 'ENOTSUP')) throw error
    await rename(temporary, file)
    return true
  } finally {
    await rm(temporary, { force: true })
  }
}

async function isAccepted(sandbox: Sandbox, key: Secret): Promise<boolean> {
  return /^[\x21-\x7e]+$/.test(key.reveal()) && (await identity(sandbox, key)).permissions.includes('*')
}

async function identity(
  sandbox: Sandbox,
  key: Secret,
): Promise<{ readonly id: string; readonly permissions: readonly string[] }> {
  const response = await call(sandbox, key, 'GET', '/api/auth/whoami')
  if (response.status !== 200) return { id: '', permissions: [] }
  const { api_key } = (await response.json()) as WireWhoami
  return { id: api_key?.id ?? '', permissions: api_key?.permissions ?? [] }
}

function call(sandbox: Sandbox, key: Secret, method: string, path: string): Promise<Response> {
  const headers = { authorization: `Bearer ${key.reveal()}` }
  return sandbox.handle(new Request(`http://sandbox.invalid${path}`, { method, headers }))
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { shortHash } from '../model/hash.ts'
import type { StoreSpec } from '../model/store.ts'
import { isLocal } from './locality.ts'
import { filesOf } from './sweep.ts'

/** The real path of a folder, as far as it exists: the rest may still have to be made. */
async function realFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => null)
  if (real !== null) return real
  const parent = dirname(folder)
  return parent === folder ? folder : join(await realFolder(parent), basename(folder))
}

const noFiles: readonly string[] = []

/**
 * Tells where the local stores of one key are, as 8 hexadecimal digits: this machine and user (`host`), and the real folders of the files
 * among them. Without files it is `host` itself. Each folder is looked up once.
 */
export function placeHasher(host: string): (specs: readonly StoreSpec[]) => string | Promise<string> {
  const real = new Map<string, string>()
  const known = new Map<string, string>()
  const placeOf = (folders: readonly string[]) => {
    const places = new Set(folders.map(folder => real.get(folder) ?? folder))
    const place = shortHash([host, ...[...places].sort()].join('\n'), 8)
    if (folders.length === 1) known.set(folders[0] ?? '', place)
    return place
  }
  return specs => {
    const files = specs.flatMap(spec => (isLocal(spec) ? filesOf(spec) : noFiles))
    if (files.length === 0) return host
    const before = files.length === 1 ? known.get(dirname(files[0] ?? '')) : undefined
    if (before !== undefined) return before
    const folders = [...new Set(files.map(dirname))]
    const unknown = folders.filter(folder => !real.has(folder))
    if (unknown.length === 0) return placeOf(folders)
    const lookUp = async (folder: string) => real.set(folder, await realFolder(folder))
    return Promise.all(unknown.map(lookUp)).then(() => placeOf(folders))
  }
}

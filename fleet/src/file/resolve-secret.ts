import { resolve } from 'node:path'
import type { Path } from '../../../src/config/read-yaml.ts'
import type { CredentialReference } from './fleet.ts'
import type { RawSecret } from './raw-fleet.ts'
import type { FleetDocument } from './read-document.ts'

/** Where a secret is found, with paths from the folder of the fleet file on; null only where the declaration is wrong. */
export function resolveSecret(
  raw: RawSecret,
  path: Path,
  document: FleetDocument,
): CredentialReference | null {
  const { env, file, exec, keychain } = raw
  if (env !== undefined) return { kind: 'env', name: env }
  if (file !== undefined) return { kind: 'file', path: resolve(document.source.folder, file) }
  if (keychain !== undefined) return { kind: 'keychain', ...keychain }
  if (exec === undefined) return null
  return isProgram(exec, [...path, 'exec'], document) ? { kind: 'exec', line: exec } : null
}

/** The first entry of a program line is a program: by its name, or by an absolute path. Reports where it is not. */
export function isProgram(line: readonly string[], path: Path, document: FleetDocument): boolean {
  const [program = ''] = line
  if (program.trim() !== '' && (program.startsWith('/') || !program.includes('/'))) return true
  document.report([...path, 0], {
    code: 'bad-value',
    message:
      program.trim() === ''
        ? 'The name of the program is empty'
        : `The program "${program}" has a relative path`,
    hint: 'Write its name, to find it in PATH, or its absolute path.',
  })
  return false
}

import { readFile, realpath } from 'node:fs/promises'
import { findFiles } from '../../config/find-files.ts'
import { type Roles, fixKey, meansOnly } from '../../config/fix-yaml.ts'
import { loadConfiguration } from '../../config/load.ts'
import type { DesiredState } from '../../model/desired.ts'
import type { KeyFix, LeftAlone } from '../../model/fix.ts'

/** A file's text as it was read, and as it is to be. */
export interface FixedFile {
  readonly path: string
  readonly before: string
  readonly after: string
}

export interface Applied {
  readonly files: readonly FixedFile[]
  readonly fixed: readonly KeyFix[]
  readonly left: readonly LeftAlone[]
}

async function textOf(path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path))
}

const rulesOf = ({ permissions, scope }: KeyFix): string =>
  permissions !== null ? 'unused-permission' : scope !== null ? 'unused-project' : 'no-expiry'

/**
 * Works the fixes into the texts of the configuration. Each result is loaded again: what would mean anything else than the
 * fixes is dropped, and said. Nothing is written.
 */
export async function applyFixes(
  desired: DesiredState,
  fixes: readonly KeyFix[],
  roles: Roles,
  { paths, cwd }: { readonly paths: readonly string[]; readonly cwd: string },
): Promise<Applied> {
  const { files } = await findFiles(paths, cwd)
  const before = new Map<string, string>()
  for (const file of files) before.set(file, await textOf(file))
  const isSound = async (texts: ReadonlyMap<string, string>, made: readonly KeyFix[]) => {
    const changed = new Map([...texts].filter(([file, text]) => text !== before.get(file)))
    const instead = new Map([...changed].map(([file, text]) => [file, text.replace(/^\uFEFF/, '')]))
    const loaded = await loadConfiguration({ paths, cwd, now: null, instead })
    return loaded.ok && meansOnly(desired, loaded.desired, made)
  }
  const tryAll = async (each: readonly KeyFix[], careful: boolean) => {
    let texts: ReadonlyMap<string, string> = before
    let fixed: readonly KeyFix[] = []
    const left: LeftAlone[] = []
    for (const fix of each) {
      const { keyId } = fix
      const results = [...texts].map(([file, text]) => ({ file, result: fixKey(text, fix, roles) }))
      const one = results.find(({ result }) => result !== null)
      const result = one?.result ?? { why: 'its declaration was not found' }
      const why =
        'why' in result ? result.why : 'the edited configuration would mean more than this fix: do it by hand'
      const next = one && 'text' in result ? new Map(texts).set(one.file, result.text) : null
      if (next === null || (careful && !(await isSound(next, [...fixed, fix])))) {
        left.push({ keyId, rule: rulesOf(fix), why })
        continue
      }
      texts = next
      fixed = [...fixed, fix]
    }
    return { texts, fixed, left }
  }
  const quick = await tryAll(fixes, false)
  const { texts, fixed, left } = (await isSound(quick.texts, quick.fixed)) ? quick : await tryAll(fixes, true)
  const changed = await Promise.all(
    [...before].flatMap(([file, text]) => {
      const after = texts.get(file)
      return after === undefined || after === text
        ? []
        : [realpath(file).then(path => ({ path, before: text, after }))]
    }),
  )
  return { files: changed, fixed, left }
}

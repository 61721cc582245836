// What can be wrong with a file, its folder and its disk.
import { chmod, chown, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Broken, StoreFault } from './store-fault.ts'
import { type StoreScene, execute, inEnvFile } from './store-scene.ts'

const nobody = 65534

/** An env file in the folder of the store at fault. */
function fileIn(scene: StoreScene): Pick<Broken, 'store' | 'held'> {
  return {
    store: 'env-file: { path: store/second.env, name: FLUXLOOP_API_KEY }',
    held: () => inEnvFile(scene, 'store/second.env'),
  }
}

const remount = (mode: 'ro' | 'rw', { folder }: StoreScene) =>
  execute('mount', ['-o', `remount,${mode}`, folder])

export const fileStoreFaults: readonly StoreFault[] = [
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'the identity of an age file is that of somebody else',
    when,
    setUp: async (_, scene) => {
      const [own, kept] = ['own.txt', 'kept.txt'].map(name => join(scene.place.work, name)) as [
        string,
        string,
      ]
      await execute('age-keygen', ['-o', own])
      const recipient = (await execute('age-keygen', ['-y', own])).stdout.trim()
      return {
        store: `age-file: { path: store/second.age, identity: own.txt, recipients: [${recipient}] }`,
        breaks: async () => {
          await rename(own, kept)
          await execute('age-keygen', ['-o', own])
        },
        mends: () => rename(kept, own),
        held: async () =>
          await execute('age', ['-d', '-i', own, join(scene.folder, 'second.age')]).then(
            ({ stdout }) => stdout.trim(),
            () => null,
          ),
      }
    },
    reason: when === 'before' ? /its identity is none of its recipients/ : /cannot be decrypted/,
  })),
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'the disk is full',
    when,
    programs: ['mount', 'umount'],
    setUp: async (_, scene) => {
      const fill = join(scene.folder, 'fill')
      return {
        ...fileIn(scene),
        breaks: () => writeFile(fill, Buffer.alloc(1_000_000)).catch(() => undefined),
        mends: () => rm(fill),
      }
    },
    reason: /no space left on the device/,
  })),
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'the file system is read-only',
    when,
    programs: ['mount', 'umount'],
    setUp: async (_, scene) => ({
      ...fileIn(scene),
      breaks: () => remount('ro', scene),
      mends: () => remount('rw', scene),
    }),
    reason: /the file system is read-only/,
  })),
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'the folder is read-only',
    when,
    as: nobody,
    setUp: async (_, scene) => ({
      ...fileIn(scene),
      breaks: () => chmod(scene.folder, 0o500),
      mends: () => chmod(scene.folder, 0o700),
    }),
    reason: /permission denied/,
  })),
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'the file belongs to somebody else',
    when,
    as: nobody,
    setUp: async (_, scene) => {
      const path = join(scene.folder, 'second.env')
      await writeFile(path, 'MINE=1\n', { mode: 0o600 })
      await chown(path, nobody, nobody)
      return {
        ...fileIn(scene),
        breaks: () => chown(path, 0, 0),
        mends: () => chown(path, nobody, nobody),
        untouched: async () => (await readFile(path, 'utf8')).startsWith('MINE=1\n'),
      }
    },
    reason: /permission denied/,
  })),
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'a link stands in the place of the file',
    when,
    setUp: async (_, scene) => {
      const [path, victim] = ['second.env', 'victim'].map(name => join(scene.folder, name)) as [
        string,
        string,
      ]
      await writeFile(victim, 'VICTIM=1\n', { mode: 0o600 })
      return {
        ...fileIn(scene),
        breaks: () => symlink(victim, path),
        mends: () => rm(path),
        untouched: async () => (await readFile(victim, 'utf8')) === 'VICTIM=1\n',
      }
    },
    reason: /symbolic link/,
  })),
  {
    what: 'a link stands in the place of the temporary file',
    when: 'midway',
    setUp: async (_, scene) => {
      const [temporary, victim] = ['.second.env.fluxloop-keys.tmp', 'victim'].map(name =>
        join(scene.folder, name),
      ) as [string, string]
      await writeFile(victim, 'VICTIM=1\n', { mode: 0o600 })
      return {
        ...fileIn(scene),
        breaks: () => symlink(victim, temporary),
        mends: async () => undefined,
        untouched: async () => (await readFile(victim, 'utf8')) === 'VICTIM=1\n',
      }
    },
    reason: /2 created/,
    code: 0,
  },
]

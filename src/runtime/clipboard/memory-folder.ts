import { access, constants, statfs } from 'node:fs/promises'

/** tmpfs and ramfs, as Linux numbers them (statfs(2)). */
const inMemory: readonly number[] = [0x01021994, 0x858458f6]

/** What processes share on Linux: everybody may write there, and a program's own folder in it is its user's alone. */
const sharedMemory = '/dev/shm'

async function isInMemory(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return inMemory.includes((await statfs(folder)).type)
  } catch {
    return false
  }
}

/** Where a program may keep a file that reaches no disk: in the folder of the session, else in shared memory; null: nowhere. */
export async function memoryFolder(
  { XDG_RUNTIME_DIR: session = '' }: NodeJS.ProcessEnv,
  shared: string = sharedMemory,
): Promise<string | null> {
  for (const folder of [session, shared]) if (folder !== '' && (await isInMemory(folder))) return folder
  return null
}

import { playPart } from './rooms.ts'

await playPart('commands', 1, 2)

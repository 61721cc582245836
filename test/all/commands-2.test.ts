import { playPart } from './rooms.ts'

await playPart('commands', 2, 2)

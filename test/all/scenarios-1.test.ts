import { playPart } from './rooms.ts'

await playPart('scenarios', 1, 6)

import { playPart } from './rooms.ts'

await playPart('scenarios', 5, 6)

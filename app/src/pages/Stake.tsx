export default function Stake() { return null; }

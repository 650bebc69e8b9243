export default function Governance() { return null; }

export default function Referral() { return null; }

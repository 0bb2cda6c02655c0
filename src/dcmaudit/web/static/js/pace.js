/** How fast the list gets shorter, and when it will be through. */

/**
 * @param {{left: number, per_hour: number|null, growing: boolean}} list
 * @returns {string}  empty while nobody can say
 */
export function paceWords({ left, per_hour: rate, growing }) {
  if (!rate || left < 1) return "";
  if (growing) return `, ${rate} an hour`;
  const minutes = Math.ceil((left / rate) * 60);
  const time = minutes < 60 ? `${minutes} min` : minutes < 60 * 48 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
  return `, ${rate} an hour: about ${time}`;
}

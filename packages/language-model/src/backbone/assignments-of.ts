/** Every assignment of candidates to roles, role 0 slowest. */
export function assignmentsOf(roles: number, candidates: number): number[][] {
  return Array.from({ length: candidates ** roles }, (_, code) => {
    const assignment = new Array<number>(roles);
    let rest = code;
    for (let role = roles - 1; role >= 0; role -= 1) {
      assignment[role] = rest % candidates;
      rest = Math.floor(rest / candidates);
    }
    return assignment;
  });
}

"""The ridge map in 2 dimensions; derivation in `rescert.decomposition.ridge`."""

from rescert.decomposition import ridge

DIMENSION = 2
RADIUS, SMOOTHNESS, INVERSE_LIPSCHITZ = ridge.RADIUS, ridge.SMOOTHNESS, ridge.INVERSE_LIPSCHITZ
LINE, AXIS = ridge.LINE, ridge.AXIS

_map = ridge.Ridge(DIMENSION)
value, dilation, jacobian, jacobian_change = _map.value, _map.dilation, _map.jacobian, _map.jacobian_change
line_change = _map.line_change

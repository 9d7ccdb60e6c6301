import Denoisers

"""An AWS account on loopback: moto plus the parts of AWS Config and SSM that it lacks."""

"""Objects in S3 buckets as inputs and outputs; needs the extra ``s3``.

``ObjectReference`` reads by ranges through one bounded cache, ``CredentialBook`` keeps who may, ``find_objects`` turns
``s3://`` names into references, ``Selection`` picks from a bucket of Study/Series/Instance, ``transfer`` copies.
"""
